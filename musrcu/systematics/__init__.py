"""How far a result depends on choices: the analysis repeated with one thing changed."""
