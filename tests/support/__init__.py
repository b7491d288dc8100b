# SPDX-License-Identifier: Apache-2.0
"""What the system tests and the demo of trouble share (README.md there)."""
