"""Generation with transformers and peft. Importing it loads torch; nothing outside imports it before it is needed."""
