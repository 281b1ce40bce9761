"""Everything durable: tables, one module of queries per noun, sealed columns, blobs, the spool, the embedded server."""
