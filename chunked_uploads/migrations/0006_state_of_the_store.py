import itertools
import json
from typing import Any

from django.db import migrations, models
from django.db.models import F

BATCH = 500  # rows


def note_paths(apps: Any, schema_editor: Any) -> None:
    """Write into each unfinished upload's state where its file lies, as the store does.

    Before, the row had the path, and the state the folder's marker and the boots.
    """
    uploads = _uploads(apps, schema_editor)
    uploads.exclude(state=1).update(store_state='')
    for batch in _batches(uploads.filter(state=1).exclude(part='')):
        for upload in batch:
            marker, *boots = upload.store_state.split() or ['']
            state = {'path': upload.part, 'marker': marker, 'boots': boots}
            upload.store_state = json.dumps(state, ensure_ascii=False, separators=(',', ':'))
        uploads.bulk_update(batch, ['store_state'])


def forget_paths(apps: Any, schema_editor: Any) -> None:
    """Give each unfinished upload its path back."""
    uploads = _uploads(apps, schema_editor)
    uploads.filter(filesize=None).update(filesize=F('received'))
    uploads.exclude(state=1).update(store_state='')
    for batch in _batches(uploads.filter(state=1).exclude(store_state='')):
        for upload in batch:
            state = json.loads(upload.store_state)
            upload.part = state['path']
            upload.store_state = ' '.join([state['marker'], *state['boots']])
        uploads.bulk_update(batch, ['part', 'store_state'])


def _uploads(apps: Any, schema_editor: Any) -> Any:
    return apps.get_model('chunked_uploads', 'Upload').objects.using(schema_editor.connection.alias)


def _batches(uploads: Any) -> Any:
    rows = iter([*uploads.values_list('pk', flat=True)])
    while keys := list(itertools.islice(rows, BATCH)):
        yield list(uploads.filter(pk__in=keys).only('part', 'store_state'))


class Migration(migrations.Migration):

    dependencies = [
        ('chunked_uploads', '0005_removal'),
    ]

    operations = [
        migrations.AlterField(
            model_name='upload',
            name='store_state',
            field=models.CharField(blank=True, db_default='', default='', editable=False, help_text='What the chunk store noted of the upload, for itself.', max_length=2000, verbose_name='state of the store'),
        ),
        migrations.AlterField(
            model_name='upload',
            name='part',
            field=models.CharField(default='', editable=False, max_length=900, verbose_name='part file'),
        ),
        migrations.AlterField(
            model_name='upload',
            name='filesize',
            field=models.BigIntegerField(blank=True, help_text='In bytes; empty where it is not known yet.', null=True, verbose_name='file size'),
        ),
        migrations.RunPython(note_paths, forget_paths),
        migrations.RemoveField(
            model_name='upload',
            name='part',
        ),
        migrations.AddField(
            model_name='chunk',
            name='receipt',
            field=models.TextField(blank=True, default='', editable=False),
        ),
    ]
