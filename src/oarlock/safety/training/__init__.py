"""Making and measuring the models of screening; needs scikit-learn (extras `research`, `train`)."""
