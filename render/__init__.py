"""What people look at, as pure functions: values in, SVG, PDF and mail out."""
