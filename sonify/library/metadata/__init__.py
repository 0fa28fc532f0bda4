"""What files and the tables beside them say of the sounds."""
