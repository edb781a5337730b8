"""The local gateway: what API Gateway's HTTP API does with infra/templates/edge.yaml on AWS, done on this machine.

`python -m skillsync.gateway` reads the very template that AWS gets, so that a route, an authorizer, a header mapping
or a limit exists once. Where the manual is silent, the code says what was chosen and why.
"""
