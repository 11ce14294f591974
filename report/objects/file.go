package objects

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"

	"github.com/minio/minio-go/v7"

	"tcpwatch/internal/store"
)

// partBytes is a part of an upload: the least that S3 takes. An upload has 10,000 at most.
const partBytes = 5 << 20

// contentType is that of all objects.
const contentType = "application/octet-stream"

// errBehind is that parts come faster than the store takes them.
var errBehind = errors.New("the store takes parts more slowly than they come, or not at all: too many wait")

// file is a file that is written.
type file struct {
	in     *Bucket
	key    string
	part   []byte // that is not sent yet
	upload string // "" before the first part
	parts  []minio.CompletePart
	// Live parts are sent by a goroutine.
	queue  chan []byte
	sent   chan struct{} // closed when all of the queue is
	behind error         // of the goroutine, when sent is closed
	failed chan struct{} // closed when it failed
}

// Create begins a file; see store.Store. Another process that writes the same is not noticed: the one that
// is whole last stays.
func (b *Bucket) Create(name string) (store.File, error) {
	f := &file{in: b, key: b.key(name)}
	if b.o.Live {
		f.queue, f.sent, f.failed = make(chan []byte, cap(b.room)), make(chan struct{}), make(chan struct{})
		go f.send()
	}
	return f, nil
}

// Write takes some of the file, and sends parts that are full.
func (f *file) Write(p []byte) (int, error) {
	n := len(p)
	for len(p) > 0 {
		fits := min(len(p), partBytes-len(f.part))
		f.part, p = append(f.part, p[:fits]...), p[fits:]
		if len(f.part) < partBytes {
			continue
		}
		if err := f.put(); err != nil {
			return 0, err
		}
	}
	return n, nil
}

// put sends the part, or live has it wait to be sent.
func (f *file) put() error {
	if f.queue == nil {
		err := f.sendPart(f.part)
		f.part = f.part[:0]
		return err
	}
	select {
	case <-f.failed:
		return f.behind
	case f.in.room <- struct{}{}:
	default:
		return errBehind
	}
	f.queue <- f.part // has room for all that may wait
	f.part = nil
	return nil
}

// send sends the parts that wait.
func (f *file) send() {
	defer close(f.sent)
	for part := range f.queue {
		if f.behind == nil {
			if f.behind = f.sendPart(part); f.behind != nil {
				close(f.failed)
			}
		}
		<-f.in.room
	}
}

// sendPart sends a part.
func (f *file) sendPart(part []byte) error {
	ctx, cancel := context.WithTimeout(context.Background(), requestWithin)
	defer cancel()
	b := f.in
	if f.upload == "" {
		upload, err := b.client.NewMultipartUpload(ctx, b.t.bucket, f.key, minio.PutObjectOptions{ContentType: contentType})
		if err != nil {
			return b.t.plain(err)
		}
		f.upload = upload
	}
	done, err := b.client.PutObjectPart(ctx, b.t.bucket, f.key, f.upload, len(f.parts)+1, bytes.NewReader(part), int64(len(part)), minio.PutObjectPartOptions{Sha256Hex: digest(part), DisableContentSha256: true})
	if err != nil {
		return b.t.plain(err)
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

// settle waits until all parts that wait were sent.
func (f *file) settle() error {
	if f.queue == nil {
		return nil
	}
	close(f.queue)
	<-f.sent
	f.queue = nil
	return f.behind
}

// Whole has the file stand under its name; see store.File.
func (f *file) Whole() error {
	err := f.settle()
	if err == nil {
		err = f.finish()
	}
	if err != nil {
		f.abort()
	}
	return err
}

// finish sends what is left, and completes the upload.
func (f *file) finish() error {
	ctx, cancel := context.WithTimeout(context.Background(), requestWithin)
	defer cancel()
	b, o := f.in, minio.PutObjectOptions{ContentType: contentType, DisableContentSha256: true}
	if f.upload == "" {
		if _, err := b.client.PutObject(ctx, b.t.bucket, f.key, bytes.NewReader(f.part), int64(len(f.part)), "", digest(f.part), o); err != nil {
			return b.t.plain(err)
		}
		return nil
	}
	if len(f.part) > 0 {
		if err := f.sendPart(f.part); err != nil {
			return err
		}
	}
	if _, err := b.client.CompleteMultipartUpload(ctx, b.t.bucket, f.key, f.upload, f.parts, o); err != nil {
		return b.t.plain(err)
	}
	return nil
}

// Undo takes back what was sent; see store.File.
func (f *file) Undo() {
	_ = f.settle()
	f.abort()
}

// abort ends an upload that is not completed: nothing of it is kept.
func (f *file) abort() {
	if f.upload == "" {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), openWithin)
	defer cancel()
	_ = f.in.client.AbortMultipartUpload(ctx, f.in.t.bucket, f.key, f.upload) // nobody sees it, also where it stays
	f.upload = ""
}
