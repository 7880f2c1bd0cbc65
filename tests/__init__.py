"""Tests: rules of the repository, then rooms, services, edges and whole journeys."""
