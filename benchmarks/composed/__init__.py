"""Videos composed from held-out photographs, with what is in them known to the frame: ground truth for `sonify eval`.

    python -m benchmarks.composed --photos ../shared/photos --out DIR --count 60 --seed 1

Emitters (photographs of things that sound) appear over other photographs or moving texture at known times, sizes and
places; manifest.csv beside the videos says where and when. docs/eval.md explains its columns.
"""
