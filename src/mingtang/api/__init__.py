"""The open API: everything that is public, for programs. Read-only, versioned, without account or session.

``/api/`` tells people what there is; ``/api/v1/openapi.json`` tells programs. Every address goes through ``gate``.
"""
