"""What happens before and around a training: its arguments, its examples, what an earlier run left, and its processes."""
