import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { en } from '../src/i18n/en';
import { timeClass } from '../src/figures-types';
import { zh } from '../src/i18n/zh';
import { windowState, reason, level, queueState, fault, quality, zoneKind, sensorKind, sensorReason, overall, componentState, cameraState, uplinkMode } from '../src/types';

/** Every text with its path; functions are called with stand-ins, so that their words are seen too. */
function texts(table: object, path = ''): [string, string][] {
  return Object.entries(table).flatMap(([key, value]): [string, string][] => {
    const at = `${path}.${key}`;
    if (typeof value === 'string') return [[at, value]];
    if (typeof value === 'function') return [[at, String((value as (...a: unknown[]) => string)(3, 4, 5))]];
    return texts(value as object, at);
  });
}

/** Stable names the wire crate gives to the values of one enum, read from its source. */
function wireNames(enumName: string): string[] {
  const source = readFileSync(new URL('../../edge-agent/crates/hall-wire/src/name.rs', import.meta.url), 'utf8');
  const table = new RegExp(`\\n\\s*${enumName}(?:, \\w+)+ \\{([^}]*)\\}`).exec(source)?.[1] ?? '';
  return [...table.matchAll(/= "(\w+)"/g)].map((m) => m[1] ?? '');
}

/** What the access log can say, read from its source. */
const deeds = [...readFileSync(new URL('../../edge-agent/crates/edge-accounts/src/audit/deed.rs', import.meta.url), 'utf8').matchAll(/^ +\w+ = "(\w+)",$/gm)].map((m) => m[1] ?? '');

describe('the dictionary', () => {
  it('has every text in both languages', () => {
    const [inZh, inEn] = [texts(zh), texts(en)];
    expect(inEn.map(([path]) => path)).toEqual(inZh.map(([path]) => path));
    for (const [path, text] of [...inZh, ...inEn]) expect(text.trim(), path).not.toBe('');
  });

  it('says Chinese in Chinese and English in English', () => {
    const other = ['.language', '.languageHint'];
    for (const [path, text] of texts(en)) if (!other.includes(path)) expect(text, path).not.toMatch(/[\u4e00-\u9fff]/);
    for (const [path, text] of texts(zh)) if (!other.includes(path)) expect(text, path).toMatch(/[\u4e00-\u9fff]/);
  });

  it('has a word for every value the agent can send', () => {
    const check = (table: object, values: readonly string[]) => expect(Object.keys(table).sort()).toEqual([...values].sort());
    for (const words of [zh, en]) {
      check(words.windowState, windowState.values);
      check(words.reason, reason.values);
      check(words.level, level.values);
      check(words.queueState, queueState.values);
      check(words.fault, fault.values);
      check(words.quality, quality.values);
      check(words.zoneKind, zoneKind.values);
      check(words.sensorKind, sensorKind.values);
      check(words.sensorReason, sensorReason.values);
      check(words.sensorReason, wireNames('SensorReason'));
      check(words.overall, overall.values);
      check(words.componentState, componentState.values);
      check(words.cameraState, cameraState.values);
      check(words.uplinkMode, uplinkMode.values);
      check(words.roles, wireNames('Role'));
      check(words.deed, deeds);
      check(words.figures.timeClass, timeClass.values);
      for (const [table, name, least] of [[words.figures.review, 'Review', 8], [words.code, 'EventCode', 11], [words.endReason, 'EndReason', 7], [words.tag, 'Tag', 2], [words.phase, 'Phase', 3]] as const) {
        const names = wireNames(name);
        expect(names.length, `${name} found in the source`).toBeGreaterThanOrEqual(least);
        check(table, names);
      }
    }
  });

  it('calls every finding suspected and accuses nobody', () => {
    for (const text of [...Object.values(zh.code), zh.otherCode('x'), zh.windowState.unstaffed, zh.queueState.long]) expect(text).toContain('(疑似)');
    for (const text of [...Object.values(en.code), en.otherCode('x'), en.windowState.unstaffed, en.queueState.long]) expect(text).toContain('(suspected)');
    expect(zh.code.unstaffed).toBe('窗口空岗(疑似)');
    expect(en.code.unstaffed).toBe('Window unstaffed (suspected)');
    for (const [path, text] of [...texts(zh), ...texts(en)]) {
      expect(text, path).not.toMatch(/脱岗|擅自|睡岗|串岗|旷工|迟到|早退|工作人员|absent without|asleep|offender|staff member/i);
    }
  });
});
