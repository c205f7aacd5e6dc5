package blob

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"passerelle/internal/platform/clock"
	"passerelle/internal/platform/errs"
)

// Store is a folder of blobs; it is safe for concurrent use, also by several
// processes.
type Store struct{ dir string }

const temporary = "tmp"

// abandoned is the age at which a temporary file belongs to no running Put.
const abandoned = 24 * time.Hour

// Open opens the store in dir, which is created when missing, and removes what
// an earlier crash left half written.
func Open(dir string) (*Store, error) {
	s := &Store{dir}
	if err := s.prepare(); err != nil {
		return nil, fmt.Errorf("open the blobs: %w", err)
	}
	return s, nil
}

// prepare makes all folders at once, so that Put has only one folder to sync.
func (s *Store) prepare() error {
	tmp := filepath.Join(s.dir, temporary)
	if err := os.MkdirAll(tmp, 0o700); err != nil {
		return err
	}
	for i := range 256 {
		err := os.Mkdir(filepath.Join(s.dir, fmt.Sprintf("%02x", i)), 0o700)
		if err != nil && !errors.Is(err, fs.ErrExist) {
			return err
		}
	}
	if err := syncDir(s.dir); err != nil {
		return err
	}
	left, err := os.ReadDir(tmp)
	if err != nil {
		return err
	}
	for _, f := range left {
		info, err := f.Info()
		if err == nil && info.ModTime().Before(clock.System{}.Now().Add(-abandoned)) {
			_ = os.Remove(filepath.Join(tmp, f.Name()))
		}
	}
	return nil
}

// Put stores what r gives, at most max bytes, and returns its SHA-256 in hex
// and its size. It is errs.TooLarge when there is more (nothing is kept then),
// errs.Unavailable when the disk cannot take it; errors of r are returned as
// they are.
func (s *Store) Put(ctx context.Context, r io.Reader, max int64) (hash string, size int64, err error) {
	f, err := os.CreateTemp(filepath.Join(s.dir, temporary), "put-*")
	if err != nil {
		return "", 0, unavailable(err)
	}
	defer func() {
		_ = f.Close()
		_ = os.Remove(f.Name()) // after the renaming there is nothing of that name
	}()
	sum := sha256.New()
	from := &source{ctx: ctx, r: r}
	size, err = io.Copy(io.MultiWriter(f, sum), io.LimitReader(from, max+1))
	switch {
	case from.err != nil:
		return "", 0, from.err
	case err != nil:
		return "", 0, unavailable(err)
	case size > max:
		return "", 0, errs.New(errs.TooLarge, "").Because("blob: more than %d bytes", max)
	}
	hash = hex.EncodeToString(sum.Sum(nil))
	if err := s.keep(f, hash); err != nil {
		return "", 0, unavailable(err)
	}
	return hash, size, nil
}

// keep makes the temporary file durable under its hash.
func (s *Store) keep(f *os.File, hash string) error {
	if err := f.Sync(); err != nil {
		return err
	}
	if err := f.Close(); err != nil {
		return err
	}
	name := s.path(hash)
	// The same content may be there: replacing it with itself also mends a copy
	// that the disk has damaged.
	if err := os.Rename(f.Name(), name); err != nil {
		return err
	}
	return syncDir(filepath.Dir(name))
}

// Get opens the blob and checks its content first: errs.NotFound when it is
// unknown, errs.Internal when the disk has damaged it. The caller closes it.
func (s *Store) Get(ctx context.Context, hash string) (io.ReadSeekCloser, error) {
	f, err := s.open(hash)
	if err != nil {
		return nil, err
	}
	sum := sha256.New()
	from := &source{ctx: ctx, r: f}
	_, err = io.Copy(sum, from)
	if err == nil {
		_, err = f.Seek(0, io.SeekStart)
	}
	if err != nil {
		_ = f.Close()
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		return nil, unavailable(err)
	}
	if want, _ := hex.DecodeString(hash); !bytes.Equal(sum.Sum(nil), want) {
		_ = f.Close()
		return nil, errs.New(errs.Internal, "").Because("blob: %s is damaged on the disk", hash)
	}
	return f, nil
}

// Has reports whether the blob is there, without reading it.
func (s *Store) Has(hash string) (bool, error) {
	if !valid(hash) {
		return false, nil
	}
	_, err := os.Stat(s.path(hash))
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, unavailable(err)
	}
	return true, nil
}

func (s *Store) open(hash string) (*os.File, error) {
	if !valid(hash) {
		return nil, errs.New(errs.NotFound, "").Because("blob: %q is not a hash", hash)
	}
	f, err := os.Open(s.path(hash))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, errs.New(errs.NotFound, "").Because("blob: no %s", hash)
	}
	if err != nil {
		return nil, unavailable(err)
	}
	return f, nil
}

// valid keeps anything but a hash away from the file system.
func valid(hash string) bool {
	return len(hash) == 2*sha256.Size && strings.Trim(hash, "0123456789abcdef") == ""
}

func (s *Store) path(hash string) string { return filepath.Join(s.dir, hash[:2], hash) }

func unavailable(err error) error {
	return errs.Wrap(errs.Unavailable, "", fmt.Errorf("blob: %w", err))
}

// syncDir makes the names in a folder durable.
func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer d.Close()
	return d.Sync()
}

// source tells the errors of reading from those of writing, and stops when ctx
// is done.
type source struct {
	ctx context.Context
	r   io.Reader
	err error
}

func (s *source) Read(p []byte) (int, error) {
	if err := s.ctx.Err(); err != nil {
		s.err = err
		return 0, err
	}
	n, err := s.r.Read(p)
	if err != nil && err != io.EOF {
		s.err = err
	}
	return n, err
}
