"""The HTTP service: requests of many clients packed into portions that one thread tags."""
