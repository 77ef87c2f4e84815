"""The police: public protection notices as files, dropped by a force's records system and written for it."""
