"""How good it is: the pipeline and simpler methods on the same clips, with numbers that anyone can reproduce.

manifest ──▶ for each clip: every method ──▶ metrics ──▶ tables, report
"""
