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
 * A file as the answer to a request: with its length, its type by suffix, an ETag and Last-Modified, so that a client
 * asks whether it has changed (304) or for the part that it lacks (206, one range). An immutable value for any thread.
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
     * A file, whose clients ask each time whether it has changed ({@code Cache-Control: no-cache}).
     *
     * @param file need not be there yet; links are followed
     * @return a new value
     */
    public static HttpFile of(Path file) {
        Path name = file.getFileName();
        return new HttpFile(file, MediaTypes.of(name == null ? "" : name.toString()), "no-cache");
    }

    /**
     * This file with another media type.
     *
     * @param type of {@code Content-Type}; by the suffix of the name unless set
     * @return a new value
     */
    public HttpFile contentType(String type) {
        return new HttpFile(file, type, cacheControl);
    }

    /**
     * This file with another rule for caches.
     *
     * @param value of {@code Cache-Control}, such as {@code max-age=31536000, immutable}; {@code no-cache} unless set
     * @return a new value
     */
    public HttpFile cacheControl(String value) {
        return new HttpFile(file, contentType, value);
    }

    /**
     * The answer to a request for this file, by its method, conditions and range. Reads the attributes of the file and
     * may block, so it is for {@link HttpHandler#blocking}; the content is read while it is sent, on a virtual thread.
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
            // found out before the head has gone, which would say 200
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
            // no such file, a file where a folder would have to be, a circle of links
            throw notFound();
        }
    }

    /**
     * Length and time of change: a file that is written twice within one tick of its clock, to the same length, keeps
     * its tag.
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
