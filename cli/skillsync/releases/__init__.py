"""What an environment runs: deployed, rolled back, listed, compared, priced and destroyed, on AWS or on an emulator."""
