// Draws a picture with zones and detections. Colours are fixed: they lie on a camera picture, not on the page.

import type { Boxes, Hall, ZoneKind } from './types';

type Zone = Hall['zones'][number];

interface Overlay {
  zones: Zone[];
  boxes: Boxes['detections'];
  label: (zone: Zone) => string;
}

const ZONE: Record<ZoneKind, { line: string; dash: number[] }> = {
  staff: { line: '#4cc9ac', dash: [] },
  staff_extended: { line: '#4cc9ac', dash: [8, 6] },
  counter: { line: '#ffd166', dash: [] },
  queue: { line: '#8ab4ff', dash: [] },
};

/** Drawn at least this wide, so that lines and letters stay sharp over a small picture. */
const MIN_WIDTH_PX = 1280;

export function draw(canvas: HTMLCanvasElement, picture: ImageBitmap, overlay: Overlay): void {
  const width = Math.max(MIN_WIDTH_PX, picture.width);
  const height = Math.round((picture.height * width) / picture.width);
  // Setting the size clears the canvas; doing so only on change avoids a flash.
  if (canvas.width !== width || canvas.height !== height) Object.assign(canvas, { width, height });
  const pen = canvas.getContext('2d');
  if (!pen) return;
  pen.drawImage(picture, 0, 0, width, height);
  const unit = width / 900;
  for (const zone of overlay.zones) drawZone(pen, zone, width, height, unit);
  pen.setLineDash([]);
  for (const box of overlay.boxes) {
    const [x, y, w, h] = [box.x1 * width, box.y1 * height, (box.x2 - box.x1) * width, (box.y2 - box.y1) * height];
    pen.lineWidth = 4 * unit;
    pen.strokeStyle = 'rgb(0 0 0 / 0.55)';
    pen.strokeRect(x, y, w, h);
    pen.lineWidth = 2 * unit;
    pen.strokeStyle = '#ffffff';
    pen.strokeRect(x, y, w, h);
    tag(pen, box.score.toFixed(2), x, y, '#ffffff', unit);
  }
  // Names last, over the boxes: at the zone's topmost corner.
  for (const zone of overlay.zones) {
    const top = zone.polygon.reduce((best, p) => (p.y < best.y ? p : best), { x: 0, y: 1 });
    tag(pen, overlay.label(zone), top.x * width, top.y * height + 16 * unit, ZONE[zone.kind].line, unit);
  }
}

function drawZone(pen: CanvasRenderingContext2D, zone: Zone, width: number, height: number, unit: number): void {
  const [first, ...rest] = zone.polygon.map((p) => [p.x * width, p.y * height] as const);
  if (!first) return;
  const { line, dash } = ZONE[zone.kind];
  pen.beginPath();
  pen.moveTo(...first);
  for (const corner of rest) pen.lineTo(...corner);
  pen.closePath();
  pen.globalAlpha = 0.14;
  pen.fillStyle = line;
  pen.fill();
  pen.globalAlpha = 1;
  pen.setLineDash(dash.map((d) => d * unit));
  pen.lineWidth = 2 * unit;
  pen.strokeStyle = line;
  pen.stroke();
}

function tag(pen: CanvasRenderingContext2D, text: string, x: number, y: number, colour: string, unit: number): void {
  pen.font = `600 ${12 * unit}px system-ui, sans-serif`;
  const wide = pen.measureText(text).width + 8 * unit;
  // Kept inside the picture, also where a zone touches its edge.
  const left = Math.min(Math.max(0, x), pen.canvas.width - wide);
  const base = Math.max(16 * unit, y);
  pen.fillStyle = 'rgb(10 16 22 / 0.78)';
  pen.fillRect(left, base - 16 * unit, wide, 16 * unit);
  pen.fillStyle = colour;
  pen.fillText(text, left + 4 * unit, base - 4 * unit);
}
