"""What all tests share."""

from hypothesis import HealthCheck, settings

# How fast a shared machine draws examples says nothing about the code: speed is measured in benchmarks.
settings.register_profile(
    "shared machine", deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much]
)
settings.load_profile("shared machine")
