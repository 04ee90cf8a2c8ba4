from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ("chunked_uploads", "0002_upload_for_form"),
    ]

    operations = [
        migrations.AddIndex(
            model_name="upload",
            index=models.Index(
                fields=["user", "state", "filename", "filesize", "-created_at"],
                name="chunked_uploads_of_file",
            ),
        ),
    ]
