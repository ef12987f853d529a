package io.iocp4j.websocket.http;

import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Objects;

/**
 * A file as the answer to requests. The response has the file's length, the media type of its suffix, an ETag and
 * Last-Modified. With these, a client can ask whether the file has changed (304), or request a missing part (206, one
 * range). Immutable. Any thread.
 */
public final class HttpFile {
    private final Path file;
    private final String contentType;
    private final String cacheControl;

    private HttpFile(Path file, String contentType, String cacheControl) {
        this.file = Objects.requireNonNull(file, "file");
        this.contentType = Objects.requireNonNull(contentType, "contentType");
        this.cacheControl = Objects.requireNonNull(cacheControl, "cacheControl");
    }

    /**
     * Serves a file with {@code Cache-Control: no-cache}: clients ask each time whether it has changed.
     *
     * @param file need not exist yet; symbolic links are followed
     * @return a new value
     */
    public static HttpFile of(Path file) {
        Path name = file.getFileName();
        return new HttpFile(file, MediaTypes.of(name == null ? "" : name.toString()), "no-cache");
    }

    /**
     * Returns a copy with another media type.
     *
     * @param type the value of {@code Content-Type}; by default, the suffix of the name decides
     * @return a new value
     */
    public HttpFile contentType(String type) {
        return new HttpFile(file, type, cacheControl);
    }

    /**
     * Returns a copy with another {@code Cache-Control}.
     *
     * @param value the value of the field, such as {@code max-age=31536000, immutable}; {@code no-cache} by default
     * @return a new value
     */
    public HttpFile cacheControl(String value) {
        return new HttpFile(file, contentType, value);
    }

    /**
     * Answers a request for this file, by its method, conditions and range. This call reads the attributes of the file
     * and may block, so use it in {@link HttpHandler#blocking}. A virtual thread reads the content later, while it is
     * sent.
     *
     * @param request GET or HEAD
     * @return 200, 206, 304, 412 or 416
     * @throws HttpException 404 if there is no such file, 403 if it may not be read, 405 for other methods
     * @throws IOException if its attributes cannot be read
     */
    public HttpResponse answer(HttpRequest request) throws IOException {
        boolean get = request.method().equals("GET");
        if (!get && !request.method().equals("HEAD")) {
            throw new HttpException(405, "a file is asked for with GET", HttpHeaders.of("Allow", "GET, HEAD"));
        }
        Path real = real();
        BasicFileAttributes attributes = Files.readAttributes(real, BasicFileAttributes.class,
                LinkOption.NOFOLLOW_LINKS);
        if (!attributes.isRegularFile()) {
            throw notFound();
        }
        if (!Files.isReadable(real)) {
            // check before the head is sent, because the head would say 200
            throw new HttpException(403, "this may not be read");
        }
        Validators validators = validators(attributes);
        long length = attributes.size();
        return switch (validators.check(request.headers())) {
            case FAILED -> withValidators(HttpResponse.of(412), validators);
            case NOT_MODIFIED -> withValidators(HttpResponse.of(304), validators);
            case PROCEED -> {
                boolean ranged = get && validators.allowRange(request.headers());
                ByteRange range = ranged ? ByteRange.parse(request.headers().first("Range"), length) : null;
                yield withValidators(content(real, range, length), validators).withHeader("Accept-Ranges", "bytes");
            }
        };
    }

    private HttpResponse content(Path real, ByteRange range, long length) {
        if (range == null) {
            return HttpResponse.stream(200, contentType, new FileContent(real, 0, length));
        }
        if (!range.isSatisfiable()) {
            return HttpResponse.of(416).withHeader("Content-Range", "bytes */" + length);
        }
        return HttpResponse.stream(206, contentType, new FileContent(real, range.first(), range.length()))
                .withHeader("Content-Range", "bytes " + range.first() + "-" + range.last() + "/" + length);
    }

    private HttpResponse withValidators(HttpResponse response, Validators validators) {
        return response.withHeader("Cache-Control", cacheControl).withHeader("ETag", validators.etag())
                .withHeader("Last-Modified", HttpDate.format(validators.modified()));
    }

    private Path real() throws IOException {
        try {
            return file.toRealPath();
        } catch (AccessDeniedException e) {
            throw new HttpException(403, "this may not be read");
        } catch (FileSystemException e) {
            // the file does not exist, a parent is not a directory, or symbolic links form a cycle
            throw notFound();
        }
    }

    /**
     * Makes the ETag of the length and the modification time. If a file is written twice within one clock tick of the
     * file system and its length stays the same, its tag stays the same too.
     */
    private static Validators validators(BasicFileAttributes attributes) {
        Instant modified = attributes.lastModifiedTime().toInstant();
        String etag = "\"%x-%x-%x\"".formatted(attributes.size(), modified.getEpochSecond(), modified.getNano());
        return new Validators(etag, modified.truncatedTo(ChronoUnit.SECONDS));
    }

    static HttpException notFound() {
        return new HttpException(404, "there is nothing here");
    }
}
