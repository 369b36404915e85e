"""What goes on paper: small PDF files and QR codes, made without opening anything."""
