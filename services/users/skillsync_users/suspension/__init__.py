"""What coordinators decide about members: suspending them, and reinstating them."""
