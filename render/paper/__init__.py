"""Papers: PDF, pictures and QR codes for print."""
