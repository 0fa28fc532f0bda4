-- The catalogue of one library. Version 1; what changed later stands in migrate.py.
-- Paths lie inside the library, with '/'. Text is "" where nothing is known.

CREATE TABLE meta (
    key TEXT PRIMARY KEY,
    value TEXT NOT NULL
) WITHOUT ROWID;

CREATE TABLE folder (
    id INTEGER PRIMARY KEY,
    path TEXT NOT NULL UNIQUE
);

CREATE TABLE label (
    id INTEGER PRIMARY KEY,
    text TEXT NOT NULL UNIQUE
);

-- Lists of visual phrases, one phrase a line: thousands of sounds share one.
CREATE TABLE phrases (
    id INTEGER PRIMARY KEY,
    text TEXT NOT NULL UNIQUE
);

-- What belongs to the bytes of a file and not to its place, so that copies and moves cost nothing.
CREATE TABLE content (
    hash TEXT PRIMARY KEY,
    size_bytes INTEGER NOT NULL,
    measured INTEGER NOT NULL DEFAULT 0,
    problem TEXT NOT NULL DEFAULT '',
    loudness_lufs REAL,
    loudest_3s_lufs REAL,
    true_peak_dbtp REAL,
    lead_silence_s REAL,
    tail_silence_s REAL,
    onsets_s TEXT NOT NULL DEFAULT '[]',
    loopability REAL,
    clipped_share REAL,
    dc REAL,
    not_finite INTEGER NOT NULL DEFAULT 0
);

-- A person's word. path: where the sound lay then, for people who read the export.
CREATE TABLE person (
    hash TEXT PRIMARY KEY REFERENCES content (hash),
    label TEXT NOT NULL,
    path TEXT NOT NULL
);

CREATE TABLE sound (
    id INTEGER PRIMARY KEY,
    folder_id INTEGER NOT NULL REFERENCES folder (id),
    name TEXT NOT NULL,
    path TEXT NOT NULL UNIQUE,
    size_bytes INTEGER NOT NULL,
    mtime_ns INTEGER NOT NULL,
    reading INTEGER NOT NULL,
    rules INTEGER NOT NULL,
    content_hash TEXT REFERENCES content (hash),
    duration_s REAL NOT NULL DEFAULT 0,
    sample_rate_hz INTEGER NOT NULL DEFAULT 0,
    channels INTEGER NOT NULL DEFAULT 0,
    label_id INTEGER REFERENCES label (id),
    phrases_id INTEGER REFERENCES phrases (id),
    labels TEXT NOT NULL DEFAULT '[]',
    source TEXT NOT NULL DEFAULT '',
    kind TEXT NOT NULL DEFAULT 'effect',
    category TEXT NOT NULL DEFAULT '',
    licence TEXT NOT NULL DEFAULT '',
    author TEXT NOT NULL DEFAULT '',
    source_url TEXT NOT NULL DEFAULT '',
    description TEXT NOT NULL DEFAULT '',
    title TEXT NOT NULL DEFAULT '',
    tags TEXT NOT NULL DEFAULT '',
    problem TEXT NOT NULL DEFAULT ''
);

-- Whether a folder has changed is answered from this index alone.
CREATE UNIQUE INDEX sound_place ON sound (folder_id, name, size_bytes, mtime_ns, reading, rules);
-- So is which labels there are; SQLite wants the column of the condition among them.
CREATE INDEX sound_label ON sound (label_id, kind, phrases_id, licence, problem) WHERE problem = '';
CREATE INDEX sound_length ON sound (label_id, duration_s, path) WHERE problem = '';
CREATE INDEX sound_content ON sound (content_hash) WHERE content_hash IS NOT NULL;
CREATE INDEX sound_problem ON sound (path) WHERE problem <> '';

-- Tables and licence texts that lie beside the sounds: when one changes, labels are derived again.
CREATE TABLE sidecar (
    folder_id INTEGER NOT NULL REFERENCES folder (id),
    name TEXT NOT NULL,
    size_bytes INTEGER NOT NULL,
    mtime_ns INTEGER NOT NULL,
    problems TEXT NOT NULL DEFAULT '[]',
    PRIMARY KEY (folder_id, name)
) WITHOUT ROWID;

-- What could not be looked at in the last scan.
CREATE TABLE walk_problem (
    text TEXT PRIMARY KEY
) WITHOUT ROWID;

-- rowid is that of sound.
CREATE VIRTUAL TABLE words USING fts5 (
    name, label, title, description, keywords, category,
    tokenize = 'porter unicode61 remove_diacritics 2', prefix = '2 3'
);
