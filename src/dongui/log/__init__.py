"""The verifiable log: RFC 6962 Merkle tree, C2SP signed notes."""
