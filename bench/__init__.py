"""What the service costs, measured against a bare Flask app on the same machine in the same minute."""
