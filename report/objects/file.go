package objects

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"time"

	"github.com/minio/minio-go/v7"

	"tcpwatch/internal/store"
)

// partBytes is a part of an upload: the least that S3 takes. An upload has 10,000 at most.
const partBytes = 5 << 20

// contentType is that of all objects.
const contentType = "application/octet-stream"

// file is a file that is written.
type file struct {
	in     *Bucket
	key    string
	part   []byte // that is not sent yet
	upload string // "" before the first part
	parts  []minio.CompletePart
}

// Create begins a file; see store.Store. Another process that writes the same is not noticed: the one that
// is whole last stays.
func (b *Bucket) Create(name string) (store.File, error) {
	return &file{in: b, key: b.key(name)}, nil
}

// Write takes some of the file, and sends parts that are full.
func (f *file) Write(p []byte) (int, error) {
	return f.take(p, func() error {
		err := f.sendPart(context.Background(), f.part)
		f.part = f.part[:0]
		return f.in.told(err)
	})
}

// take takes some of the file, and has parts put that are full.
func (f *file) take(p []byte, put func() error) (int, error) {
	n := len(p)
	for len(p) > 0 {
		fits := min(len(p), partBytes-len(f.part))
		f.part, p = append(f.part, p[:fits]...), p[fits:]
		if len(f.part) < partBytes {
			continue
		}
		if err := put(); err != nil {
			return 0, err
		}
	}
	return n, nil
}

// told is an error in a line; nil for none.
func (b *Bucket) told(err error) error {
	if err == nil {
		return nil
	}
	return b.t.plain(err)
}

// sendPart sends a part.
func (f *file) sendPart(ctx context.Context, part []byte) error {
	ctx, cancel := context.WithTimeout(ctx, requestWithin)
	defer cancel()
	b := f.in
	if f.upload == "" {
		upload, err := b.client.NewMultipartUpload(ctx, b.t.bucket, f.key, minio.PutObjectOptions{ContentType: contentType})
		if err != nil {
			return err
		}
		f.upload = upload
	}
	done, err := b.client.PutObjectPart(ctx, b.t.bucket, f.key, f.upload, len(f.parts)+1, bytes.NewReader(part), int64(len(part)), minio.PutObjectPartOptions{Sha256Hex: digest(part), DisableContentSha256: true})
	if err != nil {
		return err
	}
	f.parts = append(f.parts, minio.CompletePart{PartNumber: done.PartNumber, ETag: done.ETag, ChecksumCRC32: done.ChecksumCRC32, ChecksumCRC32C: done.ChecksumCRC32C,
		ChecksumSHA1: done.ChecksumSHA1, ChecksumSHA256: done.ChecksumSHA256, ChecksumCRC64NVME: done.ChecksumCRC64NVME})
	return nil
}

// digest is the SHA-256 of what is sent, in hex: the store refuses what came otherwise.
func digest(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

// Whole has the file stand under its name; see store.File.
func (f *file) Whole() error {
	err := f.finish(context.Background())
	if err != nil {
		f.Undo()
	}
	return f.in.told(err)
}

// finish sends what is left, and completes the upload.
func (f *file) finish(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, requestWithin)
	defer cancel()
	b, o := f.in, minio.PutObjectOptions{ContentType: contentType, DisableContentSha256: true}
	if f.upload == "" {
		_, err := b.client.PutObject(ctx, b.t.bucket, f.key, bytes.NewReader(f.part), int64(len(f.part)), "", digest(f.part), o)
		return err
	}
	if len(f.part) > 0 {
		if err := f.sendPart(ctx, f.part); err != nil {
			return err
		}
		f.part = nil
	}
	_, err := b.client.CompleteMultipartUpload(ctx, b.t.bucket, f.key, f.upload, f.parts, o)
	return err
}

// Undo takes back what was sent: nothing of it is kept; see store.File.
func (f *file) Undo() { f.abort(openWithin) }

// abort ends an upload that is not completed, where the store answers within a time.
func (f *file) abort(within time.Duration) {
	if f.upload == "" {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), within)
	defer cancel()
	_ = f.in.client.AbortMultipartUpload(ctx, f.in.t.bucket, f.key, f.upload) // nobody sees it, also where it stays
	f.upload = ""
}
