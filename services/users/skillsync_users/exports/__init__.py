"""What is kept about a person in every service, as a ZIP that they ask for and fetch."""
