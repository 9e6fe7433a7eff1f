"""The web shell: logins, pages, REST. It finds plug-ins by their manifests, never by name."""
