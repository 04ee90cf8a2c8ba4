"""drf-chunked-upload, whose model is made to be inherited from."""
