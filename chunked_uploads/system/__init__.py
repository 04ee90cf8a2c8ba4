"""What the operating system can do. Knows no Django, and nothing of ours."""
