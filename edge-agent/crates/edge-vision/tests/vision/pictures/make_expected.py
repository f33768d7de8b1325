#!/usr/bin/env python3
"""Expected detections of the default model in the pictures beside this file, by an implementation that shares nothing with
ours: onnxruntime and OpenCV in Python. Usage: make_expected.py ../../../../../../models/hall-person-v0.onnx > expected.json

The pictures are frames of the project's own hall simulator.
"""
import json, os, sys
import cv2, numpy as np, onnxruntime as ort

sess = ort.InferenceSession(sys.argv[1], providers=["CPUExecutionProvider"])
here = os.path.dirname(os.path.abspath(__file__))
result = {}
for name in sorted(n for n in os.listdir(here) if n.endswith(".jpg")):
    img = cv2.imread(os.path.join(here, name))
    h, w = img.shape[:2]
    r = min(256 / h, 448 / w)
    canvas = np.full((256, 448, 3), 114, np.uint8)
    small = cv2.resize(img, (int(w * r), int(h * r)), interpolation=cv2.INTER_LINEAR)
    canvas[: small.shape[0], : small.shape[1]] = small
    boxes, scores = sess.run(["boxes", "scores"], {"image": canvas.transpose(2, 0, 1)[None].astype(np.float32)})
    keep = cv2.dnn.NMSBoxes([(x1, y1, x2 - x1, y2 - y1) for x1, y1, x2, y2 in (boxes / r).tolist()], scores.tolist(), 0.3, 0.6)
    found = [[*np.clip(boxes[i] / r, 0, [w, h, w, h]).tolist(), float(scores[i])] for i in keep]
    result[name] = [[round(v, 2) for v in b[:4]] + [round(b[4], 4)] for b in found]
json.dump(result, sys.stdout, indent=0)
