# SPDX-License-Identifier: Apache-2.0
"""What the system tests share: real servers, the daemon, a scripted liar."""
