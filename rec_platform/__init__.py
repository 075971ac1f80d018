"""rec_platform: from IMDb's public files to a served movie recommendation release."""
