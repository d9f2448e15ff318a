"""Who is the customer? Users, companies, establishments, sign-up."""
