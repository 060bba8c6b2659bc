"""`lmn-publish`: a trained adapter as a folder with a model card, and that folder on the Hugging Face Hub."""
