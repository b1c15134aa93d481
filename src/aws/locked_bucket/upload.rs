//! Writing an object of a locked bucket: in one request, or in parts that a later attempt goes on from.

use super::*;

impl LockedBucket {
    /// Writes an object in one request, locked. `false`: there is one of this key already.
    pub fn put(&self, object: &NewObject<'_>, bytes: Vec<u8>) -> Result<bool, Refusal> {
        let asked = self
            .client
            .put_object()
            .bucket(&self.bucket)
            .key(object.key)
            .set_expected_bucket_owner(self.owner.clone())
            .if_none_match("*")
            .checksum_algorithm(ChecksumAlgorithm::Sha256)
            .checksum_sha256(STANDARD.encode(object.sha256.as_bytes()))
            .content_type(object.content_type)
            .set_metadata(Some(metadata(object)))
            .object_lock_mode(ObjectLockMode::Compliance)
            .object_lock_retain_until_date(moment(object.until))
            .body(ByteStream::from(bytes));
        created(self.session.runtime.block_on(asked.send()).map(drop))
    }

    /// Uploads of this key that were begun and not finished, the newest first.
    pub fn unfinished(&self, key: &str) -> Result<Vec<String>, Refusal> {
        let asked = self
            .client
            .list_multipart_uploads()
            .bucket(&self.bucket)
            .prefix(key)
            .set_expected_bucket_owner(self.owner.clone());
        let answer = self.session.runtime.block_on(asked.send()).map_err(|error| refusal(&error))?;
        let mut found: Vec<_> = answer.uploads().iter().filter(|upload| upload.key() == Some(key)).collect();
        found.sort_by_key(|upload| std::cmp::Reverse(upload.initiated().map(Moment::secs)));
        Ok(found.iter().filter_map(|upload| upload.upload_id().map(str::to_string)).collect())
    }

    /// The parts that S3 holds of an upload, by their numbers.
    pub fn parts(&self, key: &str, upload: &str) -> Result<Vec<UploadedPart>, Refusal> {
        let asked = self
            .client
            .list_parts()
            .bucket(&self.bucket)
            .key(key)
            .upload_id(upload)
            .set_expected_bucket_owner(self.owner.clone());
        let mut pages = asked.into_paginator().send();
        let mut found = Vec::new();
        while let Some(page) = self.session.runtime.block_on(pages.next()) {
            for part in page.map_err(|error| refusal(&error))?.parts() {
                let (number, etag) =
                    (part.part_number().unwrap_or_default(), part.e_tag().unwrap_or_default().to_string());
                found.push(UploadedPart { number, etag, sha256: part.checksum_sha256().and_then(decoded) });
            }
        }
        Ok(found)
    }

    /// Begins an upload in parts; its id.
    pub fn begin(&self, object: &NewObject<'_>) -> Result<String, Refusal> {
        let asked = self
            .client
            .create_multipart_upload()
            .bucket(&self.bucket)
            .key(object.key)
            .set_expected_bucket_owner(self.owner.clone())
            .checksum_algorithm(ChecksumAlgorithm::Sha256)
            .content_type(object.content_type)
            .set_metadata(Some(metadata(object)))
            .object_lock_mode(ObjectLockMode::Compliance)
            .object_lock_retain_until_date(moment(object.until));
        let answer = self.session.runtime.block_on(asked.send()).map_err(|error| refusal(&error))?;
        answer
            .upload_id()
            .map(str::to_string)
            .ok_or_else(|| Refusal::ours(Kind::Transient, "malformed answer", "no upload id"))
    }

    /// Sends one part.
    pub fn part(
        &self,
        key: &str,
        upload: &str,
        number: i32,
        bytes: Vec<u8>,
    ) -> Result<UploadedPart, Refusal> {
        let sha256 = Digest::of(&bytes);
        let asked = self
            .client
            .upload_part()
            .bucket(&self.bucket)
            .key(key)
            .upload_id(upload)
            .part_number(number)
            .set_expected_bucket_owner(self.owner.clone())
            .checksum_algorithm(ChecksumAlgorithm::Sha256)
            .checksum_sha256(STANDARD.encode(sha256.as_bytes()))
            .body(ByteStream::from(bytes));
        let answer = self.session.runtime.block_on(asked.send()).map_err(|error| refusal(&error))?;
        Ok(UploadedPart {
            number,
            etag: answer.e_tag().unwrap_or_default().to_string(),
            sha256: Some(sha256),
        })
    }

    /// Makes the object of its parts. `false`: there is one of this key already.
    pub fn complete(&self, key: &str, upload: &str, parts: &[UploadedPart]) -> Result<bool, Refusal> {
        let all = parts.iter().map(|part| {
            let sha256 = part.sha256.map(|digest| STANDARD.encode(digest.as_bytes()));
            CompletedPart::builder()
                .part_number(part.number)
                .e_tag(&part.etag)
                .set_checksum_sha256(sha256)
                .build()
        });
        let asked = self
            .client
            .complete_multipart_upload()
            .bucket(&self.bucket)
            .key(key)
            .upload_id(upload)
            .set_expected_bucket_owner(self.owner.clone())
            .if_none_match("*")
            .multipart_upload(CompletedMultipartUpload::builder().set_parts(Some(all.collect())).build());
        created(self.session.runtime.block_on(asked.send()).map(drop))
    }
}
