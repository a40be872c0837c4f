"""Reading from outside: what a chip answers, what a server serves. Bounded in size and time, never judged."""
