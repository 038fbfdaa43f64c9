"""The state of the installation and of deliveries, for operators and coordinators."""
