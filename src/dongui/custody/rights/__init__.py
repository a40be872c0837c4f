"""What a person may ask of whoever keeps their face: recorded requests, their due dates, and what is done."""
