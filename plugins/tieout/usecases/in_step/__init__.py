"""Records of both ledgers kept in step: from hints through the merge to writes on either side."""
