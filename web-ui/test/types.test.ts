import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { Misfit, type Shape } from '../src/shape';
import * as figures from '../src/figures-types';
import * as types from '../src/types';

const golden = (name: string): unknown => JSON.parse(readFileSync(new URL(`../../edge-agent/src/web/golden/${name}.json`, import.meta.url), 'utf8'));

/** Shape, golden files that hold it, its schema in the OpenAPI document. */
const FORMS: [Shape<unknown>, string[], string][] = [
  [types.hallShape, ['hall'], 'HallDto'],
  [types.snapshotShape, ['snapshot'], 'SnapshotDto'],
  [types.eventPageShape, ['events'], 'EventPageDto'],
  [types.eventRevisionsShape, ['event_revisions'], 'EventRevisionsDto'],
  [types.boxesShape, ['boxes', 'boxes_none'], 'BoxesDto'],
  [types.healthShape, ['health'], 'HealthDto'],
  [types.historyShape, ['history'], 'HistoryDto'],
  [types.sessionShape, ['session'], 'SessionDto'],
  [types.accountsShape, ['accounts'], 'AccountsDto'],
  [types.accountChangedShape, ['account_changed'], 'AccountChangedDto'],
  [types.auditPageShape, ['audit'], 'AuditPageDto'],
  [types.errorShape, ['error'], 'ErrorDto'],
  [figures.daysShape, ['days'], 'DaysDto'],
  [figures.dayShape, ['day'], 'DayDto'],
  [figures.tablesShape, ['report_tables', 'report_tables_zh'], 'ReportTablesDto'],
];

interface Schema {
  required?: string[];
  enum?: string[];
  oneOf?: { enum?: string[] }[];
}
const schemas = (golden('openapi') as { components: { schemas: Record<string, Schema> } }).components.schemas;

/** Values of a described enum, however its variants are laid out. */
const valuesOf = (name: string) => schemas[name]?.enum ?? schemas[name]?.oneOf?.flatMap((v) => v.enum ?? []) ?? [];

describe('the page\'s types', () => {
  it('are the agent\'s forms: nothing missing, nothing unknown', () => {
    for (const [shape, files] of FORMS) {
      for (const file of files) {
        const value = golden(file);
        expect(() => shape.read(value, file)).not.toThrow();
        expect(shape.unknown(value, file)).toEqual([]);
      }
    }
  });

  it('find in the report what the page draws of it', () => {
    expect(() => figures.reportShape.read(golden('report'), 'report')).not.toThrow();
  });

  it('fail with the place when a form is not as published', () => {
    const snapshot = golden('snapshot') as { windows: { state: unknown }[] };
    if (snapshot.windows[1]) snapshot.windows[1].state = 'gone';
    expect(() => types.snapshotShape.read(snapshot, 'snapshot')).toThrow(Misfit);
    expect(() => types.snapshotShape.read(snapshot, 'snapshot')).toThrow('snapshot.windows[1].state');
    expect(() => types.healthShape.read({ v: 2 }, 'health')).toThrow('health.v');
    expect(() => types.eventPageShape.read([], 'events')).toThrow('not an object');
  });

  it('pass over fields a newer agent adds', () => {
    const hall = { ...(golden('hall') as object), later: 1 };
    expect(() => types.hallShape.read(hall, 'hall')).not.toThrow();
    expect(types.hallShape.unknown(hall, 'hall')).toEqual(['hall.later']);
  });

  it('know the fields and values the agent describes', () => {
    for (const [, files, schema] of FORMS) {
      const sample = golden(files[0] ?? '') as object;
      expect(schemas[schema]?.required?.every((field) => field in sample), schema).toBe(true);
    }
    for (const [shape, schema] of [
      [types.windowState, 'WindowStateDto'], [types.reason, 'ReasonDto'], [types.tri, 'TriDto'], [types.level, 'LevelDto'],
      [types.queueState, 'QueueStateDto'], [types.fault, 'FaultDto'], [types.quality, 'QualityDto'], [types.zoneKind, 'ZoneKindDto'],
      [types.sensorKind, 'SensorKindDto'], [types.sensorReason, 'SensorReasonDto'], [types.overall, 'OverallDto'], [types.componentState, 'ComponentStateDto'],
      [types.cameraState, 'CameraStateDto'], [figures.timeClass, 'TimeClassDto'], [types.uplinkMode, 'UplinkModeDto'],
      [types.sessionMode, 'SessionModeDto'],
    ] as const) {
      expect([...shape.values].sort(), schema).toEqual([...valuesOf(schema)].sort());
    }
  });
});
