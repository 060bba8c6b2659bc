"""From prompts to text: the loaded model, the grammar of allowed outputs, constrained and free decoding."""
