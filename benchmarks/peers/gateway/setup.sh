#!/usr/bin/env bash
# Nothing but the project's own environment.
make -C "$(dirname "$0")/../../.." setup
