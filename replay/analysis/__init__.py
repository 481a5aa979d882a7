"""What a diff means: causes, interactions, explanations, bisections, checks, baselines."""
