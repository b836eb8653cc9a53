"""How a container is to be run, setting by setting, and the text of it for Docker, Compose and Kubernetes."""
